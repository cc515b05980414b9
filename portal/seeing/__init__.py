"""How the installation is, for who runs it: `/readyz`, the page "How is it", metrics."""
