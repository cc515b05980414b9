"""Who may download what: one function decides (`coverage`) and gives its reason.

The rules look at a licence, its product and its maintenance policy; the database is not asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from licenses import versions
from licenses.ends import End
from releases.models import Release


class Terms(Protocol):
    """What of a licence says which releases it covers: a licence has it, and what is read of one
    who has thousands (`access.Held`)."""

    pk: Any
    key: Any
    product_id: Any
    product: Any
    created_at: Any
    suspended: Any
    revoked: Any
    maintenance_policy: Any
    max_allowed_release_version: Any

    @property
    def end(self) -> End | None: ...

    @property
    def maintenance_end(self) -> End | None: ...


class Refusal(StrEnum):
    """Why a licence does not cover a release; the values are the codes that programs know.

    In the order in which the reasons help the customer most: what is nearest to being covered
    comes first, for somebody who has several licences.
    """

    MAJOR_VERSION = "MAJOR_VERSION_NOT_INCLUDED"
    MINOR_VERSION = "MINOR_VERSION_NOT_INCLUDED"
    HIGHEST_VERSION = "RELEASE_VERSION_NOT_ALLOWED"
    MAINTENANCE_ENDED = "MAINTENANCE_EXPIRED"
    EXPIRED = "EXPIRED_LICENSE"
    SUSPENDED = "SUSPENDED_LICENSE"
    REVOKED = "REVOKED_LICENSE"
    NO_LICENSE = "INVALID_PRODUCT_ID"


HELPFUL = tuple(Refusal)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a release is covered, by which licence, or why not.

    `limit` is what the sentence names beside the reason: an end or a version.
    """

    refusal: Refusal | None
    license: Terms | None = None
    limit: End | str | None = None

    @property
    def covered(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True, slots=True)
class Publication:
    """A stable release that was published at some time, archived or not."""

    product_id: UUID
    version: str
    version_key: str
    published_at: datetime


def bought_versions(licenses: Iterable[Terms], history: Sequence[Publication]) -> dict[UUID, str]:
    """By licence, the version that was current at the purchase, from which updates are counted.

    That is the highest stable version published when the licence was created or, if there was
    none, the first one published after. A licence of a product without any has none.
    """
    by_product: dict[UUID, list[Publication]] = {}
    for publication in history:
        by_product.setdefault(publication.product_id, []).append(publication)
    bought = {}
    for license in licenses:
        known = by_product.get(license.product_id, [])
        before = [each for each in known if each.published_at <= license.created_at]
        if before:
            bought[license.pk] = max(before, key=lambda each: each.version_key).version
        elif known:
            bought[license.pk] = min(known, key=lambda each: each.published_at).version
    return bought


def coverage(
    release: Release, licenses: Iterable[Terms], bought: Mapping[UUID, str], *, now: datetime
) -> Verdict:
    """Whether one of the licences covers the published release, and which or why not.

    Licences carry their product and maintenance policy; `bought` is what `bought_versions` gave.
    Of several refusals the most helpful one is given.
    """
    best = Verdict(Refusal.NO_LICENSE)
    for license in licenses:
        verdict = _judge(release, license, bought.get(license.pk), now)
        if verdict.refusal is None:
            return verdict
        if best.refusal and HELPFUL.index(verdict.refusal) < HELPFUL.index(best.refusal):
            best = verdict
    return best


def _judge(release: Release, license: Terms, bought: str | None, now: datetime) -> Verdict:
    """The rules in their order, for one licence."""
    published, ended = release.appeared, license.end
    if license.product_id != release.product_id:
        return Verdict(Refusal.NO_LICENSE)
    if license.revoked:
        return Verdict(Refusal.REVOKED, license)
    if license.suspended:
        return Verdict(Refusal.SUSPENDED, license)
    if ended is not None and ended.at <= now:
        kept = license.product.expired_licenses_keep_releases and published <= ended.at
        if not kept:
            return Verdict(Refusal.EXPIRED, license, ended)
    maintained_until = license.maintenance_end
    if maintained_until is not None and published > maintained_until.at:
        return Verdict(Refusal.MAINTENANCE_ENDED, license, maintained_until)
    highest = license.max_allowed_release_version
    if highest and not versions.within(release.version, highest):
        return Verdict(Refusal.HIGHEST_VERSION, license, highest)
    return _judge_update(release, license, bought)


def _judge_update(release: Release, license: Terms, bought: str | None) -> Verdict:
    """Whether the maintenance policy includes the step from the bought version to this one."""
    policy = license.maintenance_policy
    if policy is None or bought is None:
        return Verdict(None, license)
    major, minor = versions.parse(release.version)[:2]
    bought_major, bought_minor = versions.parse(bought)[:2]
    if major > bought_major and not policy.allow_major_version_updates:
        return Verdict(Refusal.MAJOR_VERSION, license, str(bought_major))
    if major == bought_major and minor > bought_minor and not policy.allow_minor_version_updates:
        return Verdict(Refusal.MINOR_VERSION, license, f"{bought_major}.{bought_minor}")
    return Verdict(None, license)
