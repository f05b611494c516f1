"""Who watches the tests? Faults, planted one at a time in a copy of the checkout; the tests must turn red."""
