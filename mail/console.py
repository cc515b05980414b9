"""E-mails where nobody sends any: on a developer's machine."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class ConsoleAndFolderBackend(BaseEmailBackend):
    """For demo and development: prints the text of each e-mail and keeps it in MAIL_DIR."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
            address = re.sub(r"[^A-Za-z0-9@.+-]", "_", message.to[0])
            path = folder / f"{moment}-{address}-{uuid4().hex[:6]}.eml"
            path.write_bytes(message.message().as_bytes())
            rule = "-" * 72
            sys.stdout.write(
                f"{rule}\nE-mail to {message.to[0]}: {message.subject}\n({path})\n\n"
                f"{message.body}{rule}\n"
            )
            sys.stdout.flush()
        return len(email_messages)
