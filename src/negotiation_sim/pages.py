"""Pages of HTML from templates."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates(package: str, folder: str = ".") -> Environment:
    """The templates of a package: everything put in is escaped, nothing may be missing."""
    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
