"""The server's door: HTTP, and nothing else."""
