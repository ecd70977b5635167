"""The component: which tools and prompts it offers."""

from banners import BannersServers
from glue import analyzer
from prompts import PROMPTS

Analyze = analyzer("banners-python", "0.1.0", [BannersServers], PROMPTS)
