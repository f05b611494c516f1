"""Where the bytes of contents lie: large ones in files of their own, small ones together in packs."""
