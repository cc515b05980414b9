from django.db import migrations

from tenancy.addresses import email_in_ascii, normalise_email
from tenancy.finding import batches
from tenancy.spelling import words_in
from tenancy.wall import PastTheWall


def store_in_one_spelling(apps, _editor):
    """E-mails whose domain was typed in another spelling get the one in which it is kept now, and
    people whose domain is beyond ASCII the words by which either is found.

    Where two people of a vendor have one address, whoever has its spelling keeps it, or else the
    account that was first gets it; the others stay as they are, and sign in as they did.
    """
    people = apps.get_model("accounts", "User").objects
    concerned = [
        user
        for part in batches(people.all())
        for user in part
        if not user.email == normalise_email(user.email) == email_in_ascii(user.email)
    ]
    for user in sorted(concerned, key=lambda user: user.created_at):
        kept = normalise_email(user.email)
        if not people.filter(vendor=user.vendor_id, email=kept).exists():
            user.email = kept
            people.filter(pk=user.pk).update(email=kept)
    words = apps.get_model("accounts", "UserWord").objects
    found = [user for user in concerned if user.vendor_id]
    words.filter(user__in=[user.pk for user in found]).delete()
    words.bulk_create(
        words.model(vendor_id=user.vendor_id, word=word, user_id=user.pk)
        for user in found
        for word in words_of(user)
    )


def words_of(user):
    email, name = user.email, f"{user.first_name} {user.last_name}"
    return set().union(*map(words_in, (email, email_in_ascii(email), name, user.company)))


class Migration(migrations.Migration):
    dependencies = (("accounts", "0008_reminders"),)

    operations = (
        PastTheWall(
            ("accounts.user", "accounts.userword"),
            (migrations.RunPython(store_in_one_spelling, migrations.RunPython.noop),),
        ),
    )
