"""Gear 0's records: the datasets and models of this machine, without any server."""
