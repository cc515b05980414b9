"""Who may sign in by single sign-on alone."""

from accounts.models import BuiltIn, IdentityProvider, User


def only_provider_of(user: User) -> IdentityProvider | None:
    """The provider by which alone the person signs in; None for who may come any other way, too.
    Administrators may, or nobody could put a provider right that lets nobody in. Runs in the
    person's scope."""
    if user.vendor_id is None or user.role == BuiltIn.ADMIN:
        return None
    asked = IdentityProvider.objects.filter(is_on=True, for_staff=not user.is_customer)
    named = asked.exclude(only_domains="")
    return next((each for each in named if each.is_only_way_of(user.email)), None)
