#!/usr/bin/env python3
"""Asks a running mcpcap about a capture: over_http.py CAPTURE [URL]. Needs `pip install mcp`, version 2.

The token is taken from MCPCAP_AUTH_TOKEN.
"""

import asyncio
import os
import sys

from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client


async def main(capture, url="http://127.0.0.1:8080/mcp"):
    token = os.environ.get("MCPCAP_AUTH_TOKEN", "")
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        result = await client.call_tool("analyze_capinfos", {"pcap_file": capture, "max_chars": 2000})
    if result.is_error:
        sys.exit(result.content[0].text)
    print("packets:", result.structured_content["total_packets"])


asyncio.run(main(*sys.argv[1:]))
