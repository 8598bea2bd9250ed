"""Leads the connections of a Python program to SMS services to the test's gateway. Others are not touched.

`otp_gateway.environ(preload=True)` puts this directory on `PYTHONPATH`, so that each interpreter runs this file when it
starts, and so do its child processes. It then runs the next `sitecustomize` on the path, if there is one. Nothing is
imported here for a program that does not use the network. Without the gateway's variables it does nothing else. If the
gateway has stopped, connections to SMS services are refused: no real SMS is sent.

It may be run by other versions of Python than the package, with none of the package's dependencies.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False  # as in `typing`, which costs more than the rest of this file
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, TypeVar

    _Function = TypeVar("_Function")

_NAME = "_pytest_otp_preload"
_HERE = os.path.dirname(os.path.abspath(__file__))


class Gateway:
    """Where the gateway is, which hosts it stands in for, and a file with its certificate and all others."""

    def __init__(self, url: str, patterns: str, bundle: str) -> None:
        host, _, port = url.rpartition("://")[2].rstrip("/").rpartition(":")
        self.host = host.strip("[]")
        self.port = int(port)
        self.is_ipv6 = ":" in self.host
        self.bundle = bundle
        self._patterns = [pattern for pattern in patterns.split(",") if pattern]

    def serves(self, host: object) -> bool:
        """Whether a host is an SMS service's."""
        from fnmatch import fnmatchcase  # noqa: PLC0415 - see the module's docstring

        if isinstance(host, (bytes, bytearray)):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str):
            return False
        name = host.lower().rstrip(".")
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)


def _named_after(original: Any) -> Callable[[_Function], _Function]:
    """Like `functools.wraps`, which would import much more than it."""

    def named(wrapper: Any) -> Any:
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(wrapper, name, getattr(original, name, getattr(wrapper, name)))
        wrapper.__wrapped__ = original
        return wrapper

    return named


def lead_socket(module: ModuleType, gateway: Gateway) -> None:
    """Lead the functions of `socket` that look up or connect to a name, and those of `gevent.socket`."""
    find = module.getaddrinfo

    @_named_after(find)
    def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - its name
        if gateway.serves(host):
            # An application that wants IPv6 only gets the IPv4 address in that form.
            host, port, flags = gateway.host, gateway.port, flags | getattr(module, "AI_V4MAPPED", 0)
        return find(host, port, family, type, proto, flags)

    module.getaddrinfo = getaddrinfo  # type: ignore[attr-defined]
    for name in ("gethostbyname", "gethostbyname_ex"):
        if hasattr(module, name):
            setattr(module, name, _looking_up(getattr(module, name), gateway))
    _lead_connecting(module, gateway)


def _looking_up(find: Callable[..., Any], gateway: Gateway) -> Callable[..., Any]:
    @_named_after(find)
    def found(host: Any) -> Any:
        return find(gateway.host if gateway.serves(host) else host)

    return found


def _lead_connecting(module: Any, gateway: Gateway) -> None:
    """Lead sockets that are given a name, which C code would look up."""

    def leading(connect: Callable[..., Any]) -> Callable[..., Any]:
        @_named_after(connect)
        def led(self: Any, address: Any) -> Any:
            if isinstance(address, tuple) and address and gateway.serves(address[0]):
                mapped = self.family == module.AF_INET6 and not gateway.is_ipv6
                address = ("::ffff:" * mapped + gateway.host, gateway.port)
            return connect(self, address)

        return led

    for name in ("connect", "connect_ex"):
        setattr(module.socket, name, leading(getattr(module.socket, name)))


def lead_aiohttp(module: ModuleType, gateway: Gateway) -> None:
    """Lead aiohttp's resolvers, one of which asks DNS servers by itself, and one the event loop."""
    for name in ("ThreadedResolver", "AsyncResolver"):
        resolver = getattr(module, name, None)
        if resolver is not None:
            resolver.resolve = _resolving(resolver.resolve, gateway)


def _resolving(resolve: Callable[..., Any], gateway: Gateway) -> Callable[..., Any]:
    @_named_after(resolve)
    async def resolved(self: Any, host: Any, *args: Any, **options: Any) -> Any:
        if not gateway.serves(host):
            return await resolve(self, host, *args, **options)
        import socket  # noqa: PLC0415 - see the module's docstring

        return [
            {
                "hostname": host,
                "host": gateway.host,
                "port": gateway.port,
                "family": socket.AF_INET6 if gateway.is_ipv6 else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    return resolved


def lead_uvloop(module: ModuleType, gateway: Gateway) -> None:
    """Lead uvloop, whose C code looks names up."""
    find, connect = module.Loop.getaddrinfo, module.Loop.create_connection

    @_named_after(find)
    async def getaddrinfo(self: Any, host: Any, port: Any, **options: Any) -> Any:
        if gateway.serves(host):
            host, port = gateway.host, gateway.port
        return await find(self, host, port, **options)

    @_named_after(connect)
    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if gateway.serves(host):
            if options.get("ssl") and options.get("server_hostname") is None:
                options["server_hostname"] = host
            host, port = gateway.host, gateway.port
        return await connect(self, factory, host, port, **options)

    module.Loop.getaddrinfo, module.Loop.create_connection = getaddrinfo, create_connection


def lead_anyio(module: ModuleType, gateway: Gateway) -> None:
    """Lead anyio, which looks up the address but keeps the port; httpx's asynchronous client uses it."""
    connect = module.connect_tcp

    @_named_after(connect)
    async def connect_tcp(remote_host: Any, remote_port: Any, **options: Any) -> Any:
        if gateway.serves(remote_host):
            if options.get("tls") or options.get("ssl_context"):
                options["tls_hostname"] = options.get("tls_hostname") or remote_host
            remote_host, remote_port = gateway.host, gateway.port
        return await connect(remote_host, remote_port, **options)

    module.connect_tcp = connect_tcp  # type: ignore[attr-defined]


def lead_certifi(module: ModuleType, gateway: Gateway) -> None:
    """Have certifi name the gateway's bundle: some clients of requests read no variable for it either."""
    where, contents = module.where, module.contents

    @_named_after(where)
    def bundle() -> str:
        return str(gateway.bundle if os.path.exists(gateway.bundle) else where())

    @_named_after(contents)
    def bundle_contents() -> str:
        if not os.path.exists(gateway.bundle):
            return str(contents())
        with open(gateway.bundle, encoding="ascii") as file:
            return file.read()

    module.where, module.contents = bundle, bundle_contents  # type: ignore[attr-defined]


_LEADS = {
    "certifi": lead_certifi,
    "socket": lead_socket,
    "gevent.socket": lead_socket,
    "aiohttp.resolver": lead_aiohttp,
    "uvloop": lead_uvloop,
    "anyio": lead_anyio,
}


class Finder:
    """Leads each module of `_LEADS` as soon as the program has imported it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._busy: set[str] = set()

    def lead(self, module: ModuleType) -> None:
        """Lead a module, once."""
        if not getattr(module, _NAME, False):
            _LEADS[module.__name__](module, self._gateway)
            setattr(module, _NAME, True)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find the module as the other finders do; when it has run, it is led."""
        if name not in _LEADS or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = self._found_by_others(name, path, target)
        finally:
            self._busy.discard(name)
        loader: Any = spec and spec.loader
        if loader is not None and not isinstance(loader, type):  # a class loads all built-in modules
            run = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                self.lead(module)

            loader.exec_module = exec_module
        return spec

    def _found_by_others(self, name: str, path: Any, target: Any) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
        return None


def start(gateway: Gateway) -> None:
    """Lead the modules that are imported from now on, and those that already are."""
    finder = Finder(gateway)
    sys.meta_path.insert(0, finder)  # it has what the import system calls
    for name in _LEADS:
        if name in sys.modules:
            finder.lead(sys.modules[name])


def run_next(done: set[str]) -> None:
    """Run the next `sitecustomize` on the path: coverage's, ddtrace's, the system's.

    Args:
        done: The files that have been run. One that looks for the next itself may find this one again.
    """
    for entry in sys.path:
        spec = PathFinder.find_spec("sitecustomize", [entry])
        if spec is None or spec.loader is None or spec.origin is None:
            continue
        origin = os.path.realpath(spec.origin)
        if os.path.dirname(origin) == os.path.realpath(_HERE) or origin in done:
            continue
        done.add(origin)
        from importlib.util import module_from_spec  # noqa: PLC0415 - see the module's docstring

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)
        return


_url, _hosts = os.environ.get("PYTEST_OTP_GATEWAY_URL"), os.environ.get("PYTEST_OTP_GATEWAY_HOSTS")
if _NAME not in sys.modules:
    done: set[str] = set()
    sys.modules[_NAME] = sys.modules[__name__]
    if _url and _hosts:
        start(Gateway(_url, _hosts, os.environ.get("PYTEST_OTP_GATEWAY_BUNDLE", "")))
else:
    done = sys.modules[_NAME].done
run_next(done)
