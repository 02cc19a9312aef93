/** Sends JSON to the server as the page's own forms do, and says in a sentence why nothing came of it. */

/** {status, body, text}: `body` is the answer's JSON, else {}; status 0 where the server cannot be reached. */
export async function post(url, sent) {
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json, text/html" },
      body: JSON.stringify(sent),
    });
    const json = answer.headers.get("Content-Type")?.startsWith("application/json");
    const text = await answer.text();
    return { status: answer.status, body: json ? JSON.parse(text) : {}, text };
  } catch {
    return { status: 0, body: {}, text: "" };
  }
}

export const trouble = ({ status }) => (status
  ? "That could not be saved. Open the page in another tab, sign in there if need be, and try again here."
  : "The server cannot be reached. Nothing is lost; try again.");
