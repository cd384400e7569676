"""The run folder and the launch: metrics, sheets, trackers, pushes."""
