"""The contract's functions, for any analyzer: `describe`, `prompt`, `open`, `feed`, `finish`.

Copy this file too. One instance of the component serves one run, so the run is its only state.
"""

import json

from componentize_py_types import Err
from streams import feed
from wit_world import exports
from wit_world.imports import types


def analyzer(name: str, version: str, tools: list, prompts: list):
    """The class that componentize-py wants to be called `Analyze`.

    A tool is a class with NAME, TITLE, DESCRIPTION, ARGUMENTS and REPORT (JSON Schemas), made with the arguments as a dict; it has
    `packet(packet)`, which returns False when nothing further can change the report, and `finish(capture)`, which gives the report as a dict.
    It may have STREAMS, whether it is given what happens in TCP streams, by `stream(event)`; WANTS, the packets that it is given (all frames without
    it; none with `{"transports": []}`, and then it needs no `packet`); PAGED, lists of the report that it gives in parts; ENDS, when its False ends
    the reading of the capture (never without it); and SHA1, whether its report shows that hash of the file. The contract's README has their forms.
    A prompt is a dict with name, title, description, arguments, and `text`, a function of the arguments.
    """
    by_name = {tool.NAME: tool for tool in tools}

    class Analyze(exports.Analyze):
        run = None

        def describe(self) -> str:
            offered = [described(tool) for tool in tools]
            asked = [{key: value for key, value in prompt.items() if key != "text"} for prompt in prompts]
            return json.dumps({"name": name, "version": version, "tools": offered, "prompts": asked})

        def prompt(self, name: str, arguments: str) -> str:
            for prompt in prompts:
                if prompt["name"] == name:
                    return prompt["text"](json.loads(arguments))
            raise refused("name", f"no prompt is called {name}")

        def open(self, tool: str, arguments: str) -> None:
            if tool not in by_name:
                raise refused("tool", f"no tool is called {tool}")
            # The host has checked them against the schema.
            Analyze.run = by_name[tool](json.loads(arguments))

        def feed(self, batch: types.Batch, columns: types.Packets, streams: types.Streams) -> bool:
            return feed(Analyze.run, batch, columns, streams)

        def finish(self, capture: str) -> str:
            return json.dumps(Analyze.run.finish(json.loads(capture)))

    return Analyze


def described(tool) -> dict:
    """What `describe` says of a tool."""
    said = {"name": tool.NAME, "title": tool.TITLE, "description": tool.DESCRIPTION, "arguments": tool.ARGUMENTS, "report": tool.REPORT}
    said |= {"ends": getattr(tool, "ENDS", False), "sha1": getattr(tool, "SHA1", False)}
    said |= {"streams": getattr(tool, "STREAMS", False), "paged": getattr(tool, "PAGED", [])}
    return said | ({"wants": tool.WANTS} if hasattr(tool, "WANTS") else {})


def refused(argument: str, reason: str) -> Err:
    """The error for an argument that cannot be."""
    return Err(types.Problem_Arguments(types.BadArgument(argument, reason)))
