import type { Quota } from '../permit/quota.ts'
import { quotaWords } from '../permit/words.ts'

/** What an agent may do here, what it may not, and what leaves this machine. Said before consent and kept readable after. */
export function Facts({ limits }: { readonly limits: Quota }) {
  return (
    <div class="facts">
      <section>
        <h3>What they may do</h3>
        <ul>
          <li>Use this machine’s processor while this page is open, as many of them at a time as you lend places.</li>
          <li>
            Each has at most {quotaWords(limits).join(', ')}. Beyond that it is stopped or refused. What its author asks
            for and its launcher is permitted can only be less.
          </li>
          <li>
            Be launched here by the author who wrote them, or by whom the author or a root that you tick has given a
            permit: for which program, how much of it and until when. Each agent’s card says by whose leave it is here.
          </li>
          <li>
            Write to other agents of whoever launched them, and to those that want to hear from all; take a name by
            which they are found.
          </li>
          <li>Move on to another host in the middle of their work, whenever they, their launcher or you want it.</li>
        </ul>
      </section>
      <section>
        <h3>What they may not do</h3>
        <ul>
          <li>See your files, camera, microphone, location, clipboard, other tabs or other sites.</li>
          <li>Read files: this host shares none.</li>
          <li>
            Come from, or be written by, whom the administrators of this cluster have banned. Bans are kept in this
            browser, for good.
          </li>
          <li>
            Open network connections. All they say goes through Sojourn, to the host that launched them or to other
            agents.
          </li>
          <li>
            Touch this page or each other: each runs as WebAssembly in a web worker of its own, inside a frame that
            belongs to no site and may connect to nothing. That is a strong wall, but no software is without faults.
          </li>
        </ul>
      </section>
      <section>
        <h3>What leaves this machine</h3>
        <ul>
          <li>
            <strong>Your IP address.</strong> Hosts talk to each other directly over WebRTC, so the rendezvous and the
            other hosts of this cluster see it.
          </li>
          <li>
            The name you give this host, how many places you lend, and a key made in this browser that says nothing
            about you.
          </li>
          <li>
            The state of agents when they hop, what they say to each other, and their results. Nothing else of yours.
          </li>
        </ul>
      </section>
    </div>
  )
}
