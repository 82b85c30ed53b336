"""What the hybrid engine learns from pools of sessions: how it chooses them, what it makes of them, how far it is off."""
