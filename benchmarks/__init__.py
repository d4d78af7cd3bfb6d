"""Speed of the simulator, measured as ratios in one run: machines are noisy, ratios less so."""
