"""Model names as logs write them to entries of the catalogue: gateways, regions and dates in the name are seen through.

`--model LOGGED=PROVIDER/MODEL` comes before everything that is guessed here, and an unknown name is an error and never
$0. A provider that has no price of its own for a model lends the price of another, as the catalogue does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scenarios.catalog import CatalogModel, UnknownModelError, find_model, infer_model, provider_named

ANY = "*"
"""In `--model`, every name that has no mapping of its own."""

# Names of providers that gateways and SDKs use and the catalogue does not know.
_ALIASES = {
    "azure_ai": "azure",
    "azure_openai": "azure",
    "azure.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "xai": "x-ai",
}
_REGION = re.compile(r"^(?:us-gov|us|eu|apac|au|jp|ca|global|regional)\.(?=[a-z])")
_VERSION = re.compile(r"(?:-v\d+(?::\d+)?|:\d+|@[\w-]+)$")


def shown_name(provider: str | None, model: str | None) -> str:
    """A logged name as people read it: `model`, or `provider/model` where the log names the provider."""
    if not model:
        return f"{provider}/(no model)" if provider else "(no model)"
    return f"{provider}/{model}" if provider and not model.lower().startswith(f"{provider.lower()}/") else model


def find_logged(provider: str | None, model: str | None, mapping: Mapping[str, str]) -> CatalogModel:
    """Find what a logged name means.

    Parameters
    ----------
    provider, model : str or None
        As logged.
    mapping : mapping of str to str
        What `--model` says: logged names, with their provider or without, to ``provider/model``; `*` is any.

    Returns
    -------
    CatalogModel

    Raises
    ------
    UnknownModelError
        Where the mapping names no entry, or nothing in the catalogue is called so; with near names.
    """
    for key in (shown_name(provider, model), model or "", ANY):
        if key in mapping:
            return find_model(mapping[key])
    if not model:
        raise UnknownModelError(shown_name(provider, model), (), "the log names no model")
    for candidate_provider, name in _candidates(provider, model.strip().lower()):
        try:
            return find_model(f"{candidate_provider}/{name}") if candidate_provider else infer_model(name)
        except UnknownModelError:
            continue
    bare = model.rsplit("/", 1)[-1]
    near = next((e.near for name in (model, bare) if (e := _error(name)).near), ())
    name = shown_name(provider, model)
    raise UnknownModelError(name, near, f"the price catalogue has no model {name!r}")


def _error(name: str) -> UnknownModelError:
    try:
        infer_model(name)
    except UnknownModelError as error:
        return error
    return UnknownModelError(name, (), name)


def _candidates(provider: str | None, model: str) -> Iterator[tuple[str | None, str]]:
    """Providers and names to look up, the closest to what was logged first; no provider is any."""
    parts = model.split("/")
    tails = ["/".join(parts[i:]) for i in range(len(parts))]
    known = _provider(provider) if provider else None
    if known:
        yield from ((known, tail) for tail in tails)
    for i, part in enumerate(parts[:-1]):
        named = _provider(part)
        if named:
            yield from ((named, tail) for tail in tails[i + 1 :])
    bare = _REGION.sub("", tails[-1])
    vendor, _, rest = bare.partition(".")
    if bare != tails[-1] or (rest and _provider(vendor)):  # only Bedrock names regions and makers like this
        yield "aws", tails[-1]
    for name in dict.fromkeys([tails[-1], bare, _VERSION.sub("", bare)]):
        yield None, name
    if rest and (named := _provider(vendor)):
        yield named, rest
        yield named, _VERSION.sub("", rest)


def _provider(name: str) -> str | None:
    plain = name.strip().lower()
    return provider_named(_ALIASES.get(plain, plain))
