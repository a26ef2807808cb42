"""What is shipped: the demo, the image's commands, the settings, the rollout."""
