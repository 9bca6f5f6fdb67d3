// Owns: the network of this machine, as requests to other hosts.
// Leaves: which hosts are asked, and within which limits, to whoever it is handed to.

/** Makes a request; see the language's own `fetch`. */
export const fetchUrl = (url: string, init: RequestInit): Promise<Response> => fetch(url, init)
