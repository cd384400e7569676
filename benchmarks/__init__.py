"""What measures: each module prints a table, with ratios taken side by side in one run."""
