"""The servicer of ``magenta_bridge.v1.ModelService``."""

from __future__ import annotations

from magenta_bridge.errors import PermissionDeniedError
from magenta_bridge.server.bundles.loader import BundleLoader
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.services.pagination import cut_page
from magenta_bridge.v1 import model_pb2 as pb


class ModelService:
    """Implements the rpcs for administrators; see ``GenerationService``.

    Args:
        bundles: The server's bundles.
    """

    def __init__(self, bundles: BundleLoader) -> None:
        self._bundles = bundles

    async def ListBundles(  # noqa: N802 - the rpc's name
        self, request: pb.ListBundlesRequest, call: Call
    ) -> pb.ListBundlesResponse:
        """Return a page of bundles."""
        _check_admin(call)
        records = {record.name: record for record in self._bundles.records()}
        page, next_token = cut_page(list(records), request.page_size, request.page_token)
        return pb.ListBundlesResponse(
            bundles=[records[name].to_message() for name in page],
            next_page_token=next_token,
        )

    async def LoadBundle(  # noqa: N802 - the rpc's name
        self, request: pb.LoadBundleRequest, call: Call
    ) -> pb.LoadBundleResponse:
        """Load a bundle and return its generator."""
        _check_admin(call)
        entry = await self._bundles.load(request.name)
        return pb.LoadBundleResponse(generator=entry.info.to_message())

    async def UnloadGenerator(  # noqa: N802 - the rpc's name
        self, request: pb.UnloadGeneratorRequest, call: Call
    ) -> pb.UnloadGeneratorResponse:
        """Unload a generator."""
        _check_admin(call)
        record = await self._bundles.unload(request.generator_id)
        return pb.UnloadGeneratorResponse(bundle=record.to_message())


def _check_admin(call: Call) -> None:
    if not call.admin:
        raise PermissionDeniedError("Only an administrator of this server may manage its bundles.")
