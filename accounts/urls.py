"""Paths about people: `public` for whoever has to prove who he is, `ways_in` for customers who
have lost how, `profile` for customers, `second_factor`, `passkeys`, `tokens` and `devices` for
whoever is signed in, `viewing` for support, who looks at the portal as a customer."""

from django.urls import path

from accounts import views
from accounts.devices import views as device_views
from accounts.own_data import views as own_data
from accounts.passkeys import views as passkey_views
from accounts.second_factor import views as second_factor_views
from accounts.single_sign_on import views as single_sign_on
from accounts.tokens import views as token_views
from accounts.view_as import views as view_as_views
from accounts.ways_in import views as ways_in_views

public = [
    path("login/", views.login, name="login"),
    path("login/code/", second_factor_views.sign_in_code, name="sign_in_code"),
    path("login/recovery-code/", second_factor_views.sign_in_recovery, name="sign_in_recovery"),
    path("login/code/passkey/", passkey_views.second_step, name="sign_in_code_passkey"),
    path("login/passkey/", passkey_views.sign_in, name="sign_in_passkey"),
    path("login/passkey/options/", passkey_views.options, name="passkey_options"),
    path("login/single-sign-on/", single_sign_on.choose, name="single_sign_on"),
    path("login/single-sign-on/connect/", single_sign_on.connect, name="single_sign_on_connect"),
    path(
        "login/single-sign-on/connect/send/", single_sign_on.send_link, name="single_sign_on_send"
    ),
    path(
        "login/single-sign-on/connect/sent/", single_sign_on.link_sent, name="single_sign_on_sent"
    ),
    path(
        "login/single-sign-on/connect/<str:token>/",
        single_sign_on.connect_by_link,
        name="single_sign_on_link",
    ),
    path(
        "login/single-sign-on/<uuid:provider_id>/",
        single_sign_on.start,
        name="single_sign_on_start",
    ),
    path(
        "login/single-sign-on/<uuid:provider_id>/back/",
        single_sign_on.back,
        name="single_sign_on_back",
    ),
    path("logout/", views.logout, name="logout"),
    path("password-reset/", views.password_reset, name="password_reset"),
    path("password-reset/sent/", views.password_reset_sent, name="password_reset_sent"),
    path(
        "password-reset/<str:token>/", views.password_reset_confirm, name="password_reset_confirm"
    ),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("sign-out-everywhere/<str:token>/", device_views.end_everywhere, name="end_everywhere"),
]

ways_in = [
    path("login/link/", ways_in_views.ask, {"what": "link"}, name="mailed_link"),
    path("login/link/sent/", ways_in_views.sent, {"what": "link"}, name="mailed_link_sent"),
    path("login/link/<str:token>/", ways_in_views.by_link, name="sign_in_by_link"),
    path("register/", ways_in_views.register, name="register"),
    path("register/sent/", ways_in_views.register_sent, name="register_sent"),
    path("register/<str:token>/", ways_in_views.register_confirm, name="register_confirm"),
    path("login/keys/", ways_in_views.ask, {"what": "keys"}, name="mailed_keys"),
    path("login/keys/sent/", ways_in_views.sent, {"what": "keys"}, name="mailed_keys_sent"),
]

profile = [
    path("profile/", views.profile, name="profile"),
    path("profile/reminders/", views.reminders, name="reminders"),
    path("reminders-off/<str:token>/", views.reminders_off, name="reminders_off"),
    path("profile/activity/", views.activity, name="activity"),
    path("profile/data/", own_data.own_data, name="own_data"),
    path("profile/data/archive.zip", own_data.own_archive, name="own_archive"),
    path("profile/data/<slug:table>.csv", own_data.own_file, {"form": "csv"}, name="own_csv"),
    path("profile/data/<slug:table>.json", own_data.own_file, {"form": "json"}, name="own_json"),
    path("profile/data/<slug:table>/", own_data.own_table, name="own_table"),
    path("profile/password/", views.change_password, name="change_password"),
    path("profile/email/", views.change_email, name="change_email"),
    path("profile/email/<str:token>/", views.email_confirm, name="email_confirm"),
]

second_factor = [
    path("second-factor/", second_factor_views.second_factor, name="second_factor"),
    path("second-factor/set-up/", second_factor_views.set_up, name="second_factor_set_up"),
    path("second-factor/codes/", second_factor_views.recovery_codes, name="recovery_codes"),
    path("second-factor/off/", second_factor_views.switch_off, name="second_factor_off"),
    path("single-sign-on/", single_sign_on.connections, name="connections"),
    path(
        "single-sign-on/<uuid:identity_id>/disconnect/",
        single_sign_on.disconnect,
        name="disconnect",
    ),
    path("prove/", second_factor_views.prove, name="prove"),
]

devices = [
    path("sessions/", device_views.sessions, name="sessions"),
    path("sessions/others/end/", device_views.end_other_sessions, name="end_other_sessions"),
    path("sessions/<int:session_id>/end/", device_views.end_session, name="end_session"),
]

passkeys = [
    path("passkeys/", passkey_views.passkeys, name="passkeys"),
    path("passkeys/add/", passkey_views.add, name="passkey_add"),
    path("passkeys/<uuid:passkey_id>/", passkey_views.rename, name="passkey"),
    path("passkeys/<uuid:passkey_id>/delete/", passkey_views.delete, name="passkey_delete"),
    path("prove/passkey/", passkey_views.prove, name="prove_passkey"),
]

tokens = [
    path("tokens/", token_views.access_tokens, name="access_tokens"),
    path("tokens/make/", token_views.make, name="access_token_make"),
    path("tokens/<uuid:token_id>/", token_views.access_token, name="access_token"),
]

viewing = [
    path("view-as/stop/", view_as_views.stop_view, name="view_as_stop"),
    path("view-as/<str:token>/", view_as_views.open_view, name="view_as"),
]
