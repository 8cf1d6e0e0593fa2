"""What stands between the network and the pages. It may import `ui` and `queries`, and no page."""
