"""The customer's pages about releases, the files themselves, and the feeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from accounts.requests import PersonRequest
from licenses.models import License
from releases.access import (
    Holder,
    get_customer,
    get_file,
    get_holder,
    get_product,
    get_release,
    given_key,
    releases_of,
)
from releases.coverage import Verdict
from releases.delivering import deliver
from releases.errors import NothingForThisKey, ReleaseNotFound, SignInNeeded
from releases.models import STABLE, Release, names_of
from releases.pages import feeds
from releases.pages.forms import ReleaseSearchForm
from releases.pages.rows import ReleaseRow, channel_name, release_rows
from releases.platforms import NAMES, family_of, guess, name_of, suits, word_of
from releases.sentences import why_not
from tenancy.prepared import prepared
from web.errors import in_json
from web.pages import render
from web.requests import not_while_viewing_as, page_of

View = Callable[..., HttpResponseBase]
Place = tuple[UUID, str, str]  # product, channel and family of platforms


@require_safe
def release_list(request: PersonRequest) -> HttpResponse:
    """The newest release of each product first, older ones in pages of 25 below."""
    now = timezone.now()
    holder = get_customer(request)
    products = holder.products()
    everything = releases_of(tuple(product.pk for product in products))
    names = names_of(word for each in everything for word in each.platforms)
    form = _search_form(request, everything, names)
    shown = _filtered(everything, form)
    newest = _newest(shown, holder, form.asked("platform"))
    older = [release for release in shown if release not in newest]
    page = page_of(older, request)
    filters = {name: form.asked(name) for name in form.fields}
    context = {
        "form": form,
        "any": bool(everything),
        "has_license": bool(holder.licenses),
        "newest": release_rows(_with_notes(newest), holder, now, notes_from=4, names=names),
        "page": page,
        "older": release_rows(list(page), holder, now, names=names),
        "page_query": urlencode(filters),
        "feeds": [_feed_links(product, holder) for product in products],
    }
    return render(request, "releases/release_list.html", context)


def _search_form(
    request: HttpRequest, releases: Sequence[Release], names: Mapping[str, str]
) -> ReleaseSearchForm:
    query = request.GET.dict()
    if "platform" in query:
        query["platform"] = word_of(query["platform"])
    words = {word_of(word) for release in releases for word in release.platforms}
    asked = NAMES.keys() & {query.get("platform")}  # a known one, if nothing is made for it
    platforms = sorted(words | set(map(family_of, words)) | asked)
    channels = sorted({release.channel for release in releases}, key=lambda c: (c != STABLE, c))
    products = {str(release.product_id): str(release.product) for release in releases}
    return ReleaseSearchForm(
        query,
        products=sorted(products.items(), key=lambda item: item[1].lower()),
        platforms=[(word, names.get(word, name_of(word))) for word in platforms],
        channels=[(word, channel_name(word)) for word in channels],
        defaults={
            "platform": guess(request.headers.get("User-Agent", ""), platforms),
            "channel": STABLE if STABLE in channels else "",
        },
    )


def _filtered(releases: Iterable[Release], form: ReleaseSearchForm) -> list[Release]:
    """What the filters leave, by product and then the highest version first."""
    product, platform, channel = (form.asked(name) for name in ("product", "platform", "channel"))
    shown = [
        release
        for release in releases
        if (not product or str(release.product_id) == product)
        and (not platform or suits(platform, release.platforms))
        and (not channel or release.channel == channel)
    ]
    highest_first = sorted(shown, key=lambda release: release.version_key, reverse=True)
    return sorted(highest_first, key=lambda release: str(release.product).lower())


def _newest(releases: Sequence[Release], holder: Holder, platform: str) -> list[Release]:
    """Of each product, channel and family of platforms the newest release and, if that is not
    covered, the newest one that is; several where one version came out for each kind of a platform.
    The releases come with the highest version first."""
    chosen: list[Release] = []
    newest: dict[Place, str] = {}
    newest_covered: dict[Place, str] = {}
    for release in releases:
        version = release.version_key
        places = [
            place
            for place in _places(release, platform)
            if newest_covered.get(place, version) == version
        ]
        if not places or release.tried_out:
            continue
        covered = holder.verdict(release).covered
        if covered or version in [newest.setdefault(place, version) for place in places]:
            chosen.append(release)
        if covered:
            newest_covered.update(dict.fromkeys(places, version))
    return chosen


def _places(release: Release, platform: str) -> set[Place]:
    words = [platform] if platform else release.platforms
    return {(release.product_id, release.channel, family_of(word)) for word in words}


def _with_notes(releases: Sequence[Release]) -> Sequence[Release]:
    """Loads the notes of these few, which the query of all left out."""
    notes = dict(_notes_of(tuple(each.pk for each in releases)))
    for release in releases:
        release.notes_html = notes.get(release.pk, "")
    return releases


@prepared
def _notes_of(releases: Any, /) -> QuerySet[Release, tuple[UUID, str]]:
    return Release.objects.filter(pk__in=releases).values_list("pk", "notes_html")


def _feed_links(product: Any, holder: Holder) -> dict[str, str]:
    """The addresses of a product's feeds, which a feed reader can open without signing in."""
    key = next(each.key for each in holder.licenses if each.product_id == product.pk)
    return {
        "product": str(product),
        "atom": feeds.feed_url("feed_atom", holder, product, key),
        "json": feeds.feed_url("feed_json", holder, product, key),
    }


@require_safe
def release_detail(request: PersonRequest, release_id: UUID) -> HttpResponse:
    """One release: its notes and files, or why the customer's licences don't cover it."""
    holder = get_customer(request)
    release = get_release(holder, release_id, notes=True)
    [row] = release_rows([release], holder, timezone.now(), notes_from=3)
    return render(request, "releases/release_detail.html", {"row": row})


def newest_for_license(request: PersonRequest, license: License) -> list[ReleaseRow]:
    """What the downloads box of a licence's page shows: the newest stable releases of its product
    for the visitor's platform (all platforms, if none of them fits), as this licence covers them.
    """
    holder = Holder(request.vendor, [license], user=request.user)
    releases = [each for each in releases_of((license.product_id,)) if each.channel == STABLE]
    words = {word for release in releases for word in release.platforms}
    platform = guess(request.headers.get("User-Agent", ""), words)
    fitting = [each for each in releases if not platform or suits(platform, each.platforms)]
    return release_rows(_newest(fitting, holder, platform), holder, timezone.now())


def for_programs_too(view: View, *, always: bool = False) -> View:
    """Lets a program in by a licence's key; it gets `{message, code}` where people get a page.
    `always`: nobody but programs asks for it, also without a key."""

    def by_program(request: HttpRequest) -> bool:
        return always or given_key(request) is not None

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Http404 as error:
            if given_key(request) is None:
                raise
            raise NothingForThisKey from error

    # The portal's handler of errors looks for it, also before the view has begun.
    wrapped.by_program = by_program  # type: ignore[attr-defined]
    return wrapped


@for_programs_too
@not_while_viewing_as
@require_safe
def download(request: PersonRequest, release_id: UUID, name: str) -> HttpResponseBase:
    """The file itself; see sending.py for how, and coverage.py for whether."""
    try:
        holder = get_holder(request)
    except SignInNeeded:
        return redirect_to_login(request.get_full_path())
    file = get_file(holder, release_id, name)
    verdict = holder.verdict(file.release)
    if not verdict.covered:
        return _refuse(holder, verdict)
    try:
        return deliver(request, holder, verdict, file)
    except ReleaseNotFound as error:
        raise Http404 from error


def _refuse(holder: Holder, verdict: Verdict) -> HttpResponse:
    """403 with the reason, as a page or, for a program, with its code."""
    if not holder.key:
        raise PermissionDenied(why_not(verdict))
    return JsonResponse({"message": why_not(verdict), "code": verdict.refusal}, status=403)


def _feed(write: Callable[..., HttpResponse]) -> View:
    @partial(for_programs_too, always=True)
    @not_while_viewing_as
    @conditional_page
    @require_safe
    def view(request: PersonRequest, product_id: UUID) -> HttpResponse:
        try:
            holder = get_holder(request)
        except SignInNeeded as error:
            return in_json(error)
        product = get_product(holder, product_id)
        return write(feeds.entries(product, holder, request.GET), product, holder)

    return view


feed_json = _feed(feeds.as_json)
feed_atom = _feed(feeds.as_atom)
