"""One-time campaigns: written, checked, estimated, commanded, queued slice by slice, and what came of them."""
