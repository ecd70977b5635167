"""The component: which tools and prompts it offers."""

from arp import ArpTable
from glue import analyzer
from prompts import PROMPTS

Analyze = analyzer("arp-python", "0.1.0", [ArpTable], PROMPTS)
