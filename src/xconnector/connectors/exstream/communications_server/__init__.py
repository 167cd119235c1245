"""The Communications Server (StreamServe): service gateway, service broker, and directories."""
