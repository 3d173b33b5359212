"""What holds of any grid and any tile."""
