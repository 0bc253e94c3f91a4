"""Teams to try Leadrelay with: `manage.py demo` (acme) and `manage.py demo_maven`."""
