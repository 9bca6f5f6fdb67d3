// Owns: the start of the page: the token, the connection, the first drawing.
import { h, render } from 'preact'
import { App } from './app.ts'
import { Connection } from './connection.ts'
import { tabCredentials, takeToken } from './credentials.ts'

takeToken()
const connection = new Connection(() => new WebSocket(`ws://${location.host}/ws`), tabCredentials())
const root = document.getElementById('page')
if (root === null) throw new Error('the document has no place for the page')
render(h(App, { connection }), root)
connection.start()
