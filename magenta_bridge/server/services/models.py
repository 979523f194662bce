"""The servicer of ``magenta_bridge.v1.ModelService``."""

from __future__ import annotations

from magenta_bridge.errors import PermissionDeniedError
from magenta_bridge.server.bundles.loader import BundleLoader
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.messages import describe_bundle, describe_entry
from magenta_bridge.server.services.pagination import cut_page
from magenta_bridge.v1 import model_pb2 as pb


class ModelService:
    """Answers the calls of administrators; methods as those of ``GenerationService``.

    Args:
        library: The bundles.
    """

    def __init__(self, library: BundleLoader) -> None:
        self._library = library

    async def ListBundles(  # noqa: N802 - the rpc's name
        self, request: pb.ListBundlesRequest, call: Call
    ) -> pb.ListBundlesResponse:
        """Returns a page of bundles."""
        _check_admin(call)
        records = {record.name: record for record in self._library.records()}
        page, next_token = cut_page(list(records), request.page_size, request.page_token)
        return pb.ListBundlesResponse(
            bundles=[describe_bundle(records[name]) for name in page],
            next_page_token=next_token,
        )

    async def LoadBundle(  # noqa: N802 - the rpc's name
        self, request: pb.LoadBundleRequest, call: Call
    ) -> pb.LoadBundleResponse:
        """Loads a bundle and returns its generator."""
        _check_admin(call)
        entry = await self._library.load(request.name)
        return pb.LoadBundleResponse(generator=describe_entry(entry))

    async def UnloadGenerator(  # noqa: N802 - the rpc's name
        self, request: pb.UnloadGeneratorRequest, call: Call
    ) -> pb.UnloadGeneratorResponse:
        """Takes a generator out of service."""
        _check_admin(call)
        record = await self._library.unload(request.generator_id)
        return pb.UnloadGeneratorResponse(bundle=describe_bundle(record))


def _check_admin(call: Call) -> None:
    if not call.admin:
        raise PermissionDeniedError(
            "Only an administrator of this server may look after its bundles."
        )
