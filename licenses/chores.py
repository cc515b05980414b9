"""What the queue's worker does for this app every hour."""

from accounts.upkeep import hourly
from licenses.reminders import send_reminders

hourly(send_reminders)
