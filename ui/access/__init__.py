"""Who is signed in, what their account may see, the access log, the viewer's language."""
