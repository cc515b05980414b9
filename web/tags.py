"""`{% csrf_token %}` of Django's templates, for every form of the back office."""

from django.template import Context, Library, Node
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from web.forms import token

register = Library()


class FormNode(CsrfTokenNode):
    """What proves where the form comes from and, beside it, the token that lets it count once."""

    def render(self, context: Context) -> SafeString:
        return format_html("{}{}", super().render(context), token())


@register.tag("csrf_token")
def csrf_token(parser: Parser, tag: Token) -> Node:
    return FormNode()
