"""The command `gan-hub`."""
