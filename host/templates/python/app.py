"""The component: which tools and prompts it offers."""

from glue import analyzer
from prompts import PROMPTS
from summary import Summary

Analyze = analyzer("{{name}}", "0.1.0", [Summary], PROMPTS)
