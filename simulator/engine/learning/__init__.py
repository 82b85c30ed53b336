"""What the hybrid engine learns from pools of sessions: how it chooses them, and what it makes of them."""
