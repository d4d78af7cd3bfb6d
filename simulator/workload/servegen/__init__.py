"""ServeGen: traffic as a mix of clients, each with its own rates, gaps and token counts (arXiv 2505.09999)."""
