"""View models: what the page says, decided from readings. Pure; templates print them and decide nothing."""
