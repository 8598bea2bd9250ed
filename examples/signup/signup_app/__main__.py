"""`python -m signup_app [--port N]`: serve on this machine only. Port 0 takes a free one; the address is printed."""

from __future__ import annotations

import argparse
import logging

from werkzeug.serving import make_server

from . import create_app


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="signup_app", description="The example sign-up application.")
    parser.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1; 0 takes a free one (default: 5000)")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line per request: the SMS in the log are to be seen
    server = make_server("127.0.0.1", parser.parse_args().port, create_app(), threaded=True)
    print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
