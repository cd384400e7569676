"""The tabs of the page, one folder each; `TABS` is the list of them.

The module `tab` of each folder has a NAME, an ID for links, and `build(model_cache, tab)`, which lays the tab out
inside the page's `gr.Blocks`, connects its events, and returns the `TabLinks` to other tabs, or None if there are none.
"""

from types import ModuleType

from gan_hub.page.tabs.compare import tab as compare
from gan_hub.page.tabs.explore import tab as explore
from gan_hub.page.tabs.interpolate import tab as interpolate
from gan_hub.page.tabs.picture import tab as picture
from gan_hub.page.tabs.sample import tab as sample
from gan_hub.page.tabs.stylize import tab as stylize

TABS: tuple[ModuleType, ...] = (sample, explore, interpolate, picture, stylize, compare)
