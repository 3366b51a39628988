"""Keys, seals, signatures and escrow: bytes in, bytes out."""
