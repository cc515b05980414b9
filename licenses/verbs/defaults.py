"""What a new licence is on where nobody has chosen it: what its product says."""

from enum import Enum

from licenses.models import LicensePolicy, MaintenancePolicy, Product


class Choice(Enum):
    """What is said instead of a policy of either kind. The values are what files and commands
    say: nothing for the product's."""

    AS_PRODUCT = ""
    NONE = "none"


def policy_for(product: Product, chosen: LicensePolicy | Choice) -> LicensePolicy | None:
    """On whose terms a new licence of the product is; None is those of no policy."""
    if isinstance(chosen, LicensePolicy):
        return chosen
    return None if chosen is Choice.NONE else product.default_policy


def maintenance_for(
    product: Product, chosen: MaintenancePolicy | Choice
) -> MaintenancePolicy | None:
    """Which new versions a new licence of the product brings; None is all of them."""
    if isinstance(chosen, MaintenancePolicy):
        return chosen
    return None if chosen is Choice.NONE else product.default_maintenance_policy
