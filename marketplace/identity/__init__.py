"""Who there is: organisations, users with roles, sign-in, API tokens, and the one table of permissions.

The only room that knows flask_security. It makes the `Actor` that every service takes.
Tables: organisation, user, user_role, api_token, sign_in_attempt.
"""
