"""The tab Stylize: photos painted in a style."""
