"""What the stages lean on."""
