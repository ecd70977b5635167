#!/usr/bin/env python3
"""Starts mcpcap and asks it about a capture: over_stdio.py MCPCAP CAPTURE. Needs `pip install mcp`, version 2."""

import asyncio
import sys

from mcp import Client, StdioServerParameters


async def main(program, capture):
    async with Client(StdioServerParameters(command=program)) as client:
        tools = await client.list_tools()
        print("tools:", ", ".join(tool.name for tool in tools.tools))
        result = await client.call_tool("analyze_capinfos", {"pcap_file": capture, "max_chars": 2000})
    if result.is_error:
        sys.exit(result.content[0].text)
    print("packets:", result.structured_content["total_packets"])


asyncio.run(main(*sys.argv[1:]))
