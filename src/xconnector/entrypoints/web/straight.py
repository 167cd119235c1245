"""Routes of many small requests: what FastAPI does around a function is done with as few steps as can be."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class StraightRoute(APIRoute):
    """Described like every route; called with the request, its dependencies, and the texts of its path.

    A dependency is called with the request alone. The function returns the whole answer.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        function = self.endpoint
        dependencies = [(one.name, one.call) for one in self.dependant.dependencies]
        places = [one.name for one in self.dependant.path_params]

        async def answer(request: Request) -> Response:
            told = {name: request.path_params[name] for name in places}
            for name, call in dependencies:
                if name is not None and call is not None:
                    told[name] = await call(request)
            return await function(request, **told)

        return answer
